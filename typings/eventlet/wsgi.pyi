import socket
from wsgiref.types import WSGIApplication

def server(sock: socket.socket, site: WSGIApplication, *, log_output: bool = True, debug: bool = True) -> None: ...
