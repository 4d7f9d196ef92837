package pg

import (
	"context"
	"errors"
	"maps"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connectTimeout bounds one attempt to connect.
const connectTimeout = 10 * time.Second

// Dialer opens connections that belong to one user, beside any pool.
type Dialer struct {
	config   *pgx.ConnConfig
	before   func(context.Context, *pgx.ConnConfig) error
	settings map[string]string // of the session
	refused  atomic.Bool       // a pooler does not take them
}

// NewDialer makes a dialer with the settings of a pool, if there is one, or from a connection string;
// what that lacks comes from the PG* variables.
func NewDialer(pool *pgxpool.Pool, url string) (*Dialer, error) {
	if pool != nil {
		c := pool.Config()
		return &Dialer{config: c.ConnConfig, before: c.BeforeConnect}, nil
	}
	c, err := parse(url)
	if err != nil {
		return nil, err
	}
	return &Dialer{config: c.ConnConfig}, nil
}

// NewPool makes a pool from a connection string. It connects when it is first used. A direct
// connection string that leads elsewhere tells that url is a pooler's: then no statement is prepared.
func NewPool(ctx context.Context, url, direct string) (*pgxpool.Pool, error) {
	c, err := parse(url)
	if err != nil {
		return nil, err
	}
	d, err := NewDialer(nil, direct)
	if err != nil {
		return nil, err
	}
	main := &Dialer{config: c.ConnConfig}
	c.ConnConfig.DefaultQueryExecMode = main.mode(!main.Same(d))
	c.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) { return !outlived(conn), nil }
	return pgxpool.NewWithConfig(ctx, c)
}

// outlived reports whether a connection of a pool should be left because its server has become read-only.
// For a second it may serve all the same: one who only reads may mean that server.
func outlived(conn *pgx.Conn) bool {
	data, since := conn.PgConn().CustomData(), "first use"
	first, used := data[since].(time.Time)
	if !used {
		first = time.Now()
		data[since] = first
	}
	return Writable(conn) != nil && time.Since(first) > time.Second
}

// mode is how statements are run: as the connection string says, else prepared, except through a pooler.
func (d *Dialer) mode(pooled bool) pgx.QueryExecMode {
	if m := d.config.DefaultQueryExecMode; m != pgx.QueryExecModeCacheStatement || !pooled {
		return m
	}
	return pgx.QueryExecModeCacheDescribe
}

// parse reads a connection string, which may hold pool_ settings also where no pool is made.
func parse(url string) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		// pgx quotes parts of a string that it cannot read, and a part may be the password.
		return nil, errors.New("the connection string cannot be parsed (not shown, it may hold a password)")
	}
	// A cut connection is noticed within half a minute, not after hours.
	d := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}
	c.ConnConfig.DialFunc = d.DialContext
	return c, nil
}

// Same reports whether both lead to the same database of the same server.
func (d *Dialer) Same(o *Dialer) bool {
	a, b := d.config, o.config
	return a.Host == b.Host && a.Port == b.Port && a.Database == b.Database
}

// With returns a dialer for connections with an application name, read committed, and with commits
// that are not waited for, if quick; unless they go through a pooler, where a session belongs to many.
func (d *Dialer) With(name string, pooled, quick bool) *Dialer {
	c := d.config.Copy()
	c.RuntimeParams["application_name"] = name
	settings := map[string]string{"default_transaction_isolation": "read committed"}
	if quick {
		settings["synchronous_commit"] = "off"
	}
	if c.DefaultQueryExecMode = d.mode(pooled); c.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement {
		settings = nil // somebody knows of a pooler
	}
	return &Dialer{config: c, before: d.before, settings: settings}
}

// Connect opens a connection. A pooler that nobody told of shows itself by refusing settings of a
// session; then there are none.
func (d *Dialer) Connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := d.connect(ctx)
	if Code(err) == "08P01" && d.settings != nil && !d.refused.Swap(true) {
		conn, err = d.connect(ctx)
	}
	return conn, err
}

func (d *Dialer) connect(ctx context.Context) (*pgx.Conn, error) {
	c := d.config.Copy()
	if d.refused.Load() {
		c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	} else {
		maps.Copy(c.RuntimeParams, d.settings)
	}
	if d.before != nil {
		if err := d.before(ctx, c); err != nil {
			return nil, err
		}
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err == nil {
		conn.TypeMap().RegisterType(rawJSON)
	}
	return conn, err
}

// Close says goodbye to the server, briefly.
func Close(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}
