# A web server for test_fetch.lua on a free port of this machine, which it prints: serves the files of a folder, with
# what real servers do beside that. Paths: /NAME as it is, with ranges; /whole/NAME without ranges; /cut/NAME ends the
# connection after half of the file, the first time with no answer to ranges; /away/NAME redirects; /slow/NAME takes its
# time. Every request is noted in the folder's file "requests": method, path, range.
import http.server
import os
import sys
import time

folder = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        span = self.headers.get("Range")
        with open(os.path.join(folder, "requests"), "a") as note:
            note.write(f"{self.path} {span or '-'}\n")
        way, _, name = self.path.lstrip("/").rpartition("/")
        path = os.path.join(folder, name.split("?")[0])
        if way == "away":
            self.send_response(302)
            self.send_header("Location", "/" + name)
            self.end_headers()
            return
        if not os.path.isfile(path):
            self.send_error(404)
            return
        data = open(path, "rb").read()
        first = 0
        if span and way != "whole":
            first = int(span.split("=")[1].split("-")[0])
            if first >= len(data):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        body = data[first:]
        if way == "cut":
            body = body[: (len(body) + 1) // 2]
        self.wfile.write(body)
        if way == "slow":
            time.sleep(0.5)


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.timeout = 1
end = time.time() + float(sys.argv[2])
while time.time() < end and os.path.isdir(folder):
    server.handle_request()
