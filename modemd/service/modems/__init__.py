"""The modems of the service: discovery, registry, backend, USSD, and how they are shown."""
