"""Delivers two messages with Python's smtplib: smtp_client.py HOST PORT."""
import smtplib
import sys

for size in (100, 1_000_000):
    with smtplib.SMTP(sys.argv[1], int(sys.argv[2]), local_hostname="client.test", timeout=20) as smtp:
        text = "Subject: corpus\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72)
        if smtp.sendmail("a@client.test", ["b@corpus.test"], text):
            sys.exit("a recipient was refused")
print("done", flush=True)
