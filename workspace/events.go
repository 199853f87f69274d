package workspace

import (
	"context"
	"errors"
)

// Protocols returns the protocols whose events can be loaded from captures.
func Protocols() []string { return nil }

func newDissector(protocol string) (any, error) {
	return nil, errors.New("no protocol can be read from packets by this build")
}

func (j *loadJob) loadEvents(ctx context.Context, protocol string) error {
	return errors.New("no protocol can be read from packets by this build")
}

// sizeOf is how many bytes are to be read, 0 where a stream is among them.
func sizeOf(ins []input) int64 {
	var n int64
	for i := range ins {
		size := ins[i].size()
		if size == 0 {
			return 0
		}
		n += size
	}
	return n
}
