package engine

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"time"

	"netshare/workspace/trace"
)

// fingerprint tells one sequence of sessions from another.
type fingerprint struct {
	hash hash.Hash
	w    *bufio.Writer
	b    []byte
}

func newFingerprint() *fingerprint {
	h := sha256.New()
	return &fingerprint{hash: h, w: bufio.NewWriterSize(h, 1<<16)}
}

// add takes the next session.
func (f *fingerprint) add(s trace.Session) {
	f.row('m', s.Meta)
	for _, rec := range s.Series {
		f.row('r', rec)
	}
}

// row writes values one after another, each with its type and, where it may
// have any, its length.
func (f *fingerprint) row(kind byte, values []any) {
	f.b = append(f.b[:0], kind)
	f.list(values)
	f.w.Write(f.b) // to a hash, which never fails
}

func (f *fingerprint) list(values []any) {
	f.b = binary.AppendUvarint(f.b, uint64(len(values)))
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			f.b = append(f.b, 'n')
		case string:
			f.b = binary.AppendUvarint(append(f.b, 's'), uint64(len(v)))
			f.b = append(f.b, v...)
		case int64:
			f.b = binary.LittleEndian.AppendUint64(append(f.b, 'i'), uint64(v))
		case float64:
			f.b = binary.LittleEndian.AppendUint64(append(f.b, 'f'), math.Float64bits(v))
		case bool:
			f.b = append(f.b, 'b', byte(boolInt(v)))
		case time.Time:
			f.b = binary.LittleEndian.AppendUint64(append(f.b, 't'), uint64(v.UnixNano()))
		case []any:
			f.b = append(f.b, 'l')
			f.list(v)
		default:
			panic(fmt.Sprintf("engine: value of type %T", v))
		}
	}
}

// sum returns the hash in hex of all that was added.
func (f *fingerprint) sum() string {
	f.w.Flush()
	return hex.EncodeToString(f.hash.Sum(nil))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
