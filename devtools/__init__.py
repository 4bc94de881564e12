"""Tools for developers: emulators of Google's services, and the cloud version on one machine."""
