package workspace

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
	"netshare/workspace/zeekio"
)

// Headers are the values of Load.Header: which IP header of a tunnelled packet
// is loaded.
const (
	HeaderOutermost = "outermost" // the tunnel's own packet, which is the default
	HeaderInnermost = "innermost" // the packet within GRE, IP in IP, VXLAN, Geneve, GTP and their like
)

func header(word string) (pcapio.Header, error) {
	switch word {
	case "", HeaderOutermost:
		return pcapio.Outermost, nil
	case HeaderInnermost:
		return pcapio.Innermost, nil
	}
	return 0, fmt.Errorf("header %q: choose %s or %s", word, HeaderOutermost, HeaderInnermost)
}

// openInput is an input that is being read.
type openInput struct {
	trace.Reader
	packets *pcapio.Reader // of a capture
	digest  *digest        // nil where another reading hashes the input
	closer  io.Closer
}

// Close closes the reader and what it reads from.
func (o *openInput) Close() error {
	err := o.Reader.Close()
	if o.closer != nil {
		err = errors.Join(err, o.closer.Close())
	}
	return err
}

// readerOf opens an input whose records are read one by one. What was read, and
// its hash, are complete when the digest's rest has been read; it is nil for
// formats that are read twice.
func readerOf(in *input) (*openInput, error) {
	o := &openInput{}
	content := in.stream
	if content == nil {
		f, err := os.Open(in.path)
		if err != nil {
			return nil, err
		}
		content, o.closer = f, f
	}
	o.digest = newDigest(content)
	var err error
	switch in.format {
	case formatPcap:
		o.packets, err = pcapio.NewReader(in.name, o.digest)
		o.Reader = o.packets
	case formatRecipe:
		o.Reader, err = newRecipeReader(in.name, in.path, o.digest, in.recipe)
	case "zeek-tsv":
		o.Reader, err = zeekio.NewReader(in.name, o.digest)
	default:
		o.closer.Close()
		o.closer, o.digest = nil, nil
		o.Reader, err = zeekio.Open(in.path)
		err = in.renamed(err)
	}
	if err != nil {
		if o.closer != nil {
			err = errors.Join(err, o.closer.Close())
		}
		return nil, err
	}
	return o, nil
}

// renamed has an error about a temporary file speak of what the user named.
func (in *input) renamed(err error) error {
	if err == nil || in.path == in.name || in.path == "" {
		return err
	}
	return &renamedError{err, in.path, in.name}
}

type renamedError struct {
	err      error
	from, to string
}

func (e *renamedError) Error() string { return strings.ReplaceAll(e.err.Error(), e.from, e.to) }
func (e *renamedError) Unwrap() error { return e.err }
