"""The whole service and the emulator in simulated time: 24 hours in seconds, and a seed replays them exactly."""
