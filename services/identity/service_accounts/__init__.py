"""The logins of programs: of one practice or of the platform."""
