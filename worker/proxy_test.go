package worker_test

import (
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
)

// proxy stands between a worker and its database, and can fail as networks and poolers do.
type proxy struct {
	url       string
	swallow   atomic.Bool            // what the server says is lost
	trap      atomic.Pointer[string] // from the row on that holds this, it is
	deaf      atomic.Bool            // notifications are lost, as through a transaction pooler
	down      atomic.Bool            // nobody gets through any more
	refused   atomic.Int32           // who tried
	mu        sync.Mutex
	conns     []net.Conn
	listener  net.Listener
	targetNet string
	target    string
}

func newProxy(b *bench) *proxy {
	u, err := url.Parse(b.URL)
	if err != nil {
		b.Fatal(err)
	}
	p := &proxy{}
	cfg := b.Pool.Config().ConnConfig
	p.targetNet, p.target = network(cfg.Host, cfg.Port)
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.listener.Close(); p.cut() })
	u.Host, u.RawQuery = p.listener.Addr().String(), "sslmode=disable"
	p.url = u.String()
	go func() {
		for {
			client, err := p.listener.Accept()
			if err != nil {
				return
			}
			if p.down.Load() {
				p.refused.Add(1)
				client.Close()
				continue
			}
			server, err := net.Dial(p.targetNet, p.target)
			if err != nil {
				client.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, client, server)
			p.mu.Unlock()
			go func() { io.Copy(server, client); server.Close() }()
			go func() { p.answers(client, server); client.Close() }()
		}
	}()
	return p
}

// answers passes on messages of the server. All have a type and a length, as there is no TLS.
func (p *proxy) answers(client, server net.Conn) {
	head := make([]byte, 5)
	for {
		if _, err := io.ReadFull(server, head); err != nil {
			return
		}
		body := make([]byte, int(head[1])<<24+int(head[2])<<16+int(head[3])<<8+int(head[4])-4)
		if _, err := io.ReadFull(server, body); err != nil {
			return
		}
		if s := p.trap.Load(); s != nil && head[0] == 'D' && strings.Contains(string(body), *s) {
			p.swallow.Store(true)
		}
		if p.swallow.Load() || head[0] == 'A' && p.deaf.Load() {
			continue
		}
		if _, err := client.Write(append(head[:5:5], body...)); err != nil {
			return
		}
	}
}

// cut ends every connection; new ones work.
func (p *proxy) cut() {
	p.trap.Store(nil)
	defer p.swallow.Store(false)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}
