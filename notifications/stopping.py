"""Set once this process has been told to end: whoever sends mails in it ends with the mail at hand."""

import threading

stopping = threading.Event()
