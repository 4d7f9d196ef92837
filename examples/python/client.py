#!/usr/bin/env python3
"""Has the lines and words of a file counted by a worker, and waits for the answer: python3 client.py FILE"""
import os
import select
import sys
import time

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FILE")
    with psycopg.connect(os.environ.get("DATABASE_URL", ""), autocommit=True, row_factory=dict_row) as conn:
        payload = Jsonb({"path": os.path.abspath(sys.argv[1])})
        job_id = conn.execute("select jobmachine.send(%s, %s) as id", ("file.words", payload)).fetchone()["id"]
        print("ticket", job_id)
        answer = wait_for_answer(conn, job_id, within=60)
    if answer is None:
        sys.exit(f"no answer yet: ask later with select * from jobmachine.receive({job_id})")
    if answer["state"] != "completed":
        sys.exit(f"{answer['state']}: {answer['error']}")
    print("{lines} lines, {words} words".format(**answer["payload"]))


def wait_for_answer(conn, job_id, within):
    """Looks, says that it waits, waits for the bell, looks again."""
    rang = []
    conn.add_notify_handler(rang.append)  # a notification may also come along with a result
    until = time.monotonic() + within
    while time.monotonic() < until:
        answer = conn.execute("select * from jobmachine.receive(%s)", (job_id,)).fetchone()
        if answer and answer["state"] != "running":  # running: an interim answer
            break
        answer = None
        rang.clear()
        seconds = conn.execute("select jobmachine.check(%s) as seconds", (job_id,)).fetchone()["seconds"]
        if seconds > 0 and not rang:
            select.select([conn], [], [], seconds)
    conn.execute("select jobmachine.uncheck(%s)", (job_id,))
    return answer


if __name__ == "__main__":
    main()
