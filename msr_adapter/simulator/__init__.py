"""An MSR server with a small malting plant, for the demonstration and for tests, with faults to switch on."""
