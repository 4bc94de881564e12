"""Developer tools: emulators of Google services, and the cloud version on one machine."""
