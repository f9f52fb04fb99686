"""Makes the process green before anything that opens sockets is imported, as an intake does."""

from chassis.intake import become_green

become_green()

pytest_plugins = ["tests.nameko.fixtures"]
