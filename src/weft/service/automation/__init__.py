"""What asks for runs by itself, beside schedules: conditions, sensors and webhooks."""
