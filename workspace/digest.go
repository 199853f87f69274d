package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"sync/atomic"

	"netshare/workspace/store"
)

// digest hashes and counts what is read through it.
type digest struct {
	r    io.Reader
	hash hash.Hash
	n    atomic.Int64
}

func newDigest(r io.Reader) *digest { return &digest{r: r, hash: sha256.New()} }

func (d *digest) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.hash.Write(p[:n])
	d.n.Add(int64(n))
	return n, err
}

// rest reads what a reader has left unread, so that the hash is of all.
func (d *digest) rest(ctx context.Context) error {
	_, err := io.Copy(io.Discard, &contextReader{ctx, d})
	return err
}

// source describes what was read for the catalog.
func (d *digest) source(name string) store.Source {
	return store.Source{File: name, Size: d.n.Load(), SHA256: hex.EncodeToString(d.hash.Sum(nil))}
}

// digestFile hashes a file beside whatever else reads it. The function that it
// returns waits for the end.
func digestFile(ctx context.Context, name, path string) func() (store.Source, error) {
	type result struct {
		source store.Source
		err    error
	}
	done := make(chan result, 1)
	go func() {
		f, err := os.Open(path)
		if err != nil {
			done <- result{store.Source{File: name}, err}
			return
		}
		defer f.Close()
		d := newDigest(f)
		err = d.rest(ctx)
		done <- result{d.source(name), err}
	}()
	return func() (store.Source, error) {
		r := <-done
		return r.source, r.err
	}
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}

// streamReader reads a pipe ahead, and ends with its context also while nothing
// comes.
type streamReader struct {
	ctx    context.Context
	chunks chan streamChunk
	free   chan []byte
	left   []byte
	whole  []byte // the buffer that left is of
	err    error
}

type streamChunk struct {
	data []byte
	err  error
}

// streamBuffer is the size of the two buffers of a streamReader.
const streamBuffer = 256 << 10

// cancellable reads r in a goroutine that ends with r, or with the first read
// of r that returns after ctx has ended: a read that blocks can't be stopped.
func cancellable(ctx context.Context, r io.Reader) *streamReader {
	s := &streamReader{ctx: ctx, chunks: make(chan streamChunk), free: make(chan []byte, 2)}
	s.free <- make([]byte, streamBuffer)
	s.free <- make([]byte, streamBuffer)
	go func() {
		for {
			var b []byte
			select {
			case b = <-s.free:
			case <-ctx.Done():
				return
			}
			n, err := r.Read(b)
			select {
			case s.chunks <- streamChunk{b[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *streamReader) Read(p []byte) (int, error) {
	for len(s.left) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		if s.whole != nil {
			s.free <- s.whole[:cap(s.whole)]
			s.whole = nil
		}
		select {
		case c := <-s.chunks:
			s.left, s.whole, s.err = c.data, c.data, c.err
		case <-s.ctx.Done():
			s.err = context.Cause(s.ctx)
		}
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}
