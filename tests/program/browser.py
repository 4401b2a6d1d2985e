"""browser.py — headless Chromium, driven over a pipe (the DevTools protocol) with the standard
library alone.

    with Browser() as browser:
        page = browser.open("report.html", width=390)
        page.show(scheme="dark")
        page.evaluate("document.title")
        page.complaints()               what the console said, and what was asked of a network
"""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile

PATIENCE = 60  # seconds for an answer


def find():
    """The program, or None."""
    names = "chromium", "chromium-browser", "google-chrome", "chrome"
    return next(filter(None, map(shutil.which, names)), None)


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp()
        to_it, from_us = os.pipe()
        to_us, from_it = os.pipe()

        def place():  # Chromium reads descriptor 3 and writes descriptor 4
            high = [os.dup(end) for end in (to_it, from_it, from_it)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [find(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "--hide-scrollbars",
             "about:blank"],
            preexec_fn=place, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_it)
        os.close(from_it)
        self.out, self.input = from_us, to_us
        self.calls, self.events, self.rest = 0, [], b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
            self.process.wait(10)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.input], [], [], PATIENCE)
            more = os.read(self.input, 1 << 20) if ready else b""
            assert more, "chromium has ended" if ready else f"chromium said nothing for {PATIENCE} s"
            self.rest += more
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        """The answer; events that come before it are kept."""
        self.calls += 1
        call = {"id": self.calls, "method": method, "params": parameters}
        if session:
            call["sessionId"] = session
        data = json.dumps(call).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        while True:
            message = self.message()
            if message.get("id") == self.calls:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self.events.append(message)

    def open(self, path, width=1280):
        return Page(self, path, width)


class Page:
    def __init__(self, browser, path, width):
        self.browser, self.first = browser, len(browser.events)
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target,
                                    flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network":
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events()):
            browser.events.append(browser.message())

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def events(self):
        return [event for event in self.browser.events[self.first:]
                if event.get("sessionId") == self.session]

    def show(self, scheme="light", medium=""):
        """In a colour scheme, and on "print" or a screen."""
        self.call("Emulation.setEmulatedMedia", media=medium,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def evaluate(self, script):
        """The value of an expression, which may be a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key, code):
        """A key of the keyboard, by its name and Windows' number; Enter is also a character."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in "keyDown", "keyUp":
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode=code, **text)

    def screenshot(self, x, y, width, height):
        """PNG of a part of the page."""
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        return base64.b64decode(self.call("Page.captureScreenshot", clip=clip,
                                          captureBeyondViewport=True)["data"])

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF")["data"])

    def complaints(self):
        said = []
        for event in self.events():
            method, about = event["method"], event["params"]
            if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                said.append(json.dumps(about))
            elif method == "Network.requestWillBeSent" and not about["request"]["url"].startswith("file:"):
                said.append("asks for " + about["request"]["url"])
        return said

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
