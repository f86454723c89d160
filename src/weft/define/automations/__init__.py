"""What users write to have things asked for by themselves: sensors, webhooks, automation conditions."""
