package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// link is a network that can fail, between processes and a server.
type link struct{ *toxiproxy.Proxy }

var proxies = toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())

func newLink(port int) (*link, error) {
	p := toxiproxy.NewProxy(proxies, "link", "127.0.0.1:0", fmt.Sprintf("127.0.0.1:%d", port))
	if err := p.Start(); err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return &link{p}, nil
}

func (l *link) port() int {
	_, port, err := net.SplitHostPort(l.Listen)
	must(err)
	n, err := net.LookupPort("tcp", port)
	must(err)
	return n
}

// lead lets new connections go to another server; those that are open stay where they are.
func (l *link) lead(port int) {
	l.Lock()
	defer l.Unlock()
	l.Upstream = fmt.Sprintf("127.0.0.1:%d", port)
}

// spoil applies one of toxiproxy's toxics, or cut, to a direction, and returns how to end it.
func (l *link) spoil(toxic, direction string, attributes map[string]any) (end func()) {
	name := toxic + " " + direction
	text, err := json.Marshal(map[string]any{"name": name, "type": toxic, "stream": direction, "attributes": attributes})
	must(err)
	_, err = l.Toxics.AddToxicJson(bytes.NewReader(text))
	must(err)
	return func() { must(l.Toxics.RemoveToxic(context.Background(), name)) }
}

// blackhole swallows everything, without a word to either side.
func (l *link) blackhole() (end func()) {
	down := l.spoil("timeout", "downstream", map[string]any{"timeout": 0})
	up := l.spoil("timeout", "upstream", map[string]any{"timeout": 0})
	return func() { down(); up() }
}

// cut closes connections in the middle of an answer that says: done. The server has done what it was
// told, and nobody hears of it.
type cut struct {
	Percent int
	Seed    uint64
}

func init() { toxics.Register("cut", new(cut)) }

var (
	diceLock sync.Mutex
	dice     = map[uint64]*rand.Rand{}
)

func (c *cut) hit() bool {
	diceLock.Lock()
	defer diceLock.Unlock()
	if dice[c.Seed] == nil {
		dice[c.Seed] = rand.New(rand.NewPCG(c.Seed, 0))
	}
	return dice[c.Seed].IntN(100) < c.Percent
}

// Pipe implements toxics.Toxic.
func (c *cut) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil || done(chunk.Data) && c.hit() {
				stub.Close()
				return
			}
			stub.Output <- chunk
		}
	}
}

// done looks for the tag of a statement that was committed. The server sends it when it has been.
func done(answer []byte) bool {
	return bytes.Contains(answer, []byte("SELECT ")) || bytes.Contains(answer, []byte("COMMIT\x00"))
}
