// Remembers that a notification came, as it may come along with the result of a query, before anybody waits for it.
export class Bell {
  #rang = false
  #wake = () => {}

  constructor(db) {
    db.on('notification', () => this.ring())
  }

  ring() {
    this.#rang = true
    this.#wake()
  }

  reset() {
    this.#rang = false
  }

  // Waits for a notification since the last reset, at most so many seconds.
  wait(seconds) {
    return new Promise((done) => {
      if (this.#rang || seconds <= 0) return done()
      const timer = setTimeout(done, seconds * 1000)
      this.#wake = () => {
        clearTimeout(timer)
        done()
      }
    })
  }
}
