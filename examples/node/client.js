#!/usr/bin/env node
// Has the lines and words of a file counted by a worker, and waits for the answer: node client.js FILE
import { resolve } from 'node:path'
import pg from 'pg'
import { Bell } from './bell.js'

if (process.argv.length !== 3) {
  console.error('usage: node client.js FILE')
  process.exit(2)
}
const db = new pg.Client({ connectionString: process.env.DATABASE_URL })
await db.connect()
const { id } = await one('select jobmachine.send($1, $2) as id', ['file.words', { path: resolve(process.argv[2]) }])
console.log(`ticket ${id}`)

const answer = await waitForAnswer(id, 60)
await db.end()
if (!answer) {
  console.error(`no answer yet: ask later with select * from jobmachine.receive(${id})`)
  process.exitCode = 1
} else if (answer.state !== 'completed') {
  console.error(`${answer.state}: ${answer.error}`)
  process.exitCode = 1
} else {
  console.log(`${answer.payload.lines} lines, ${answer.payload.words} words`)
}

async function one(sql, values) {
  return (await db.query(sql, values)).rows[0]
}

// Looks, says that it waits, waits for the bell, looks again.
async function waitForAnswer(id, within) {
  const bell = new Bell(db)
  const until = Date.now() + within * 1000
  let answer
  while (Date.now() < until) {
    answer = await one("select * from jobmachine.receive($1) where state <> 'running'", [id]) // running: an interim answer
    if (answer) break
    bell.reset()
    const { seconds } = await one('select jobmachine.check($1) as seconds', [id])
    await bell.wait(seconds)
  }
  await db.query('select jobmachine.uncheck($1)', [id])
  return answer
}
