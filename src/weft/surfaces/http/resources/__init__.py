"""The resources of the API: each module declares its routes and does nothing but call service and shape the answer."""
