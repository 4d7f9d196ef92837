#!/usr/bin/env python3
"""Counts the lines and words of files: python3 worker.py. Start as many as you like; no other process is needed.

One job at a time, under a lease that a thread renews, so a job may take as long as it likes; and the lease is tied
to the listening connection, so that the jobs of a worker that is killed run elsewhere within seconds.
"""
import os
import select
import signal
import socket
import threading

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

QUEUE = "file.words"


def process(data, stop):
    """What the worker is for. It returns the reply; if it raises, the job is tried again later."""
    lines = words = 0
    with open(data["path"], "rb") as file:
        for line in file:
            if stop.is_set():
                raise RuntimeError("asked to stop")
            lines += 1
            words += len(line.split())
    return {"lines": lines, "words": words}


class Worker:
    def __init__(self, url):
        self.conn = psycopg.connect(url, autocommit=True, row_factory=namedtuple_row)
        self.rang = []
        self.conn.add_notify_handler(self.rang.append)  # a notification may also come along with a result
        self.lease = self.one("select jobmachine.open_lease(%s, queues => %s)", f"{socket.gethostname()}:{os.getpid()}", [QUEUE])
        self.one("select jobmachine.hold_lease(%s)", self.lease)
        self.running = None  # (job id, receipt, event that tells its handler to stop)
        self.closed = threading.Event()
        threading.Thread(target=self.renew, args=(url,), daemon=True).start()
        # A byte in this pipe means stop: the job at hand is finished first.
        self.stop_pipe, stop = os.pipe()
        for sig in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sig, lambda *_: os.write(stop, b"x"))

    def one(self, query, *args):
        return self.conn.execute(query, args).fetchone()[0]

    def renew(self, url):
        """Keeps the lease alive and hears of jobs that should stop: cancelled, out of time, or lost."""
        try:
            with psycopg.connect(url, autocommit=True) as conn:
                while not self.closed.wait(10):
                    job = self.running
                    ids, receipts = ([job[0]], [job[1]]) if job else ([], [])
                    if conn.execute("select * from jobmachine.renew(%s, %s::bigint[], %s::bigint[])", (self.lease, ids, receipts)).fetchall():
                        job[2].set()
        except psycopg.Error as err:  # no connection, or the lease is gone: whoever watches over us starts a new worker
            print("cannot renew the lease:", err, flush=True)
            os._exit(1)

    def run(self):
        parked = False
        while not self.wait([self.stop_pipe], 0):
            self.rang.clear()
            job = self.conn.execute("select * from jobmachine.claim(%s, lease_id => %s)", (QUEUE, self.lease)).fetchone()
            if not job:
                # park says how long nothing can happen unless the bell rings: 0 means look again. It does the housekeeping too.
                seconds = self.one("select jobmachine.park(%s)", [QUEUE])
                if seconds > 0 and not self.rang:
                    self.wait([self.conn, self.stop_pipe], seconds)
                parked = True
                continue
            if parked:
                self.one("select jobmachine.unpark()")  # awake: senders need not ring
                parked = False
            self.work(job)
        self.closed.set()
        self.one("select jobmachine.close_lease(%s)", self.lease)

    def work(self, job):
        self.running = (job.id, job.receipt, threading.Event())
        try:
            outcome = process(job.payload, self.running[2])
            verdict = self.one("select jobmachine.complete(%s, %s, %s)", job.id, job.receipt, Jsonb(outcome))
        except psycopg.Error:
            raise
        except Exception as err:
            outcome = f"failed: {err!r}"
            verdict = self.one("select jobmachine.fail(%s, %s, %s)", job.id, job.receipt, repr(err))
        self.running = None
        print(f"job {job.id}, attempt {job.attempt}: {outcome} ({verdict})", flush=True)

    @staticmethod
    def wait(sources, seconds):
        return select.select(sources, [], [], seconds)[0]


if __name__ == "__main__":
    Worker(os.environ.get("DATABASE_URL", "")).run()
