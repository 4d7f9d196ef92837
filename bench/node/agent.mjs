// The agent of a system in Node: the same lines as ../agent/agent.go, which says what they mean.
// usage: node agent.mjs graphile|pgboss|pgboss-poll, with DATABASE_URL
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const name = process.argv[2]
const { default: make } = await import(name.startsWith('pgboss') ? './pgboss.mjs' : './graphile.mjs')
const system = make(process.env.DATABASE_URL, name)

const first = 1000000
const filler = 'x'.repeat(177)
const payload = (n) => ({ i: first + (n % (9 * first)), data: filler })
const now = () => Number(process.hrtime.bigint()) / 1000

let producers = 0
let count, started, stamps, stop

async function open (n) {
  if (n !== producers) await system.open(n)
  producers = n
}

const commands = {
  share: () => {}, // JavaScript runs on one core

  install: () => system.install(),

  async send ({ producers, seconds }) {
    await open(producers)
    let sent = 0
    const begin = now()
    const until = begin + seconds * 1e6
    await Promise.all(Array.from({ length: producers }, async () => {
      while (now() < until) await system.send(payload(++sent))
    }))
    return { jobs: sent, seconds: (now() - begin) / 1e6 }
  },

  async bulk ({ jobs, batch }) {
    await open(1)
    const begin = now()
    for (let n = 0; n < jobs; n += batch) {
      await system.sendMany(Array.from({ length: Math.min(batch, jobs - n) }, (_, i) => payload(n + i)))
    }
    return { jobs, seconds: (now() - begin) / 1e6 }
  },

  async pace ({ producers, jobs, rate, quiet }) {
    await open(producers)
    const i = [], due = [], done = [], errors = []
    const begin = now()
    const sends = []
    for (let n = 0; n < jobs;) {
      const at = begin + n / rate * 1e6
      const early = at - now()
      if (early > 0) {
        await sleep(early / 1000)
        continue
      }
      const k = n++
      const p = payload(k)
      const task = system.send(p).then(() => {
        if (!quiet) {
          i[k] = p.i
          due[k] = at
          done[k] = now()
        }
      }, (e) => errors.push(e))
      if (!quiet) sends.push(task)
      else if (k === jobs - 1) await task
    }
    await Promise.all(sends)
    if (errors.length > 0) throw errors[0]
    return { jobs, seconds: (now() - begin) / 1e6, i, due, done }
  },

  async work ({ concurrency, mode }) {
    count = started = 0
    stamps = { i: [], done: [] }
    stop = await system.work(concurrency ?? 0, (p) => {
      if (++count === 1) started = now()
      if (mode === 'sleep') return sleep(10)
      if (mode === 'hold') return new Promise(() => {})
      if (mode === 'stamp') {
        stamps.done.push(now())
        stamps.i.push(p.i)
      }
    })
  },

  count: () => ({ jobs: count, first: started }),
  stamps: () => stamps,
  stop: () => stop()
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let reply
  try {
    reply = await commands[request.do](request)
  } catch (e) {
    reply = { error: `${request.do}: ${e.stack}` }
  }
  process.stdout.write(JSON.stringify(reply ?? {}) + '\n')
}
process.exit(0)
