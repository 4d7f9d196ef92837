// Package client sends jobs and waits for their answers.
//
//	c, err := client.Open(ctx, url, client.Config{})
//	defer c.Close()
//	id, err := c.Send(ctx, "file.digest", map[string]string{"path": "go.mod"})
//	answer, err := c.Await(ctx, id)
//
// Call does both, with typed replies. SendTx sends within a transaction of the caller's: if it is rolled back the job
// never was. The ticket number is all that is needed to ask for the answer, later and from elsewhere. However many
// callers wait, a Client keeps one LISTEN connection, opened when first needed. Without it waiting polls.
package client
