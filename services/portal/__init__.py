"""The web face of Praxispost: the practice's workspace and the patients' mailbox. It keeps no data of its
own."""
