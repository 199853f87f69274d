package dissect

const (
	httpLineBytes = 1 << 15 // of a line that are kept; of the rest only the length is known
	httpLineRoom  = 1 << 12 // that are kept ready for the next line
)

// httpLines cuts one direction of a connection into lines, which end in CR, LF
// or both, and into stretches of plain bytes where the reader asks for them.
type httpLines struct {
	line  []byte // of the line under way, its first httpLineBytes
	size  int64  // of all of it
	last  byte   // the byte before
	plain int64  // bytes that are to be delivered as they are
}

// httpPiece is what next cuts off: a whole line without its end, or plain bytes.
type httpPiece struct {
	data  []byte // valid until the next call
	size  int64  // of the line, which may be longer than data
	plain bool
}

// next cuts the next piece off b; ok is false where b ends within a line.
func (l *httpLines) next(b []byte) (piece httpPiece, rest []byte, ok bool) {
	if len(b) > 0 && l.last == '\r' && b[0] == '\n' { // the other half of a line's end
		l.last, b = '\n', b[1:]
	}
	if len(b) == 0 {
		return httpPiece{}, nil, false
	}
	if l.plain > 0 {
		n := min(l.plain, int64(len(b)))
		l.plain -= n
		l.last = 0
		return httpPiece{data: b[:n], size: n, plain: true}, b[n:], true
	}
	end := 0
	for end < len(b) && b[end] != '\r' && b[end] != '\n' {
		end++
	}
	if end == len(b) {
		l.keep(b)
		l.last = b[end-1]
		return httpPiece{}, nil, false
	}
	l.last, rest = b[end], b[end+1:]
	piece = httpPiece{data: b[:end], size: int64(end)}
	if l.size > 0 {
		l.keep(b[:end])
		piece = httpPiece{data: l.line, size: l.size}
		if l.line, l.size = l.line[:0], 0; cap(l.line) > httpLineRoom {
			l.line = nil
		}
	}
	piece.data = piece.data[:min(len(piece.data), httpLineBytes)]
	return piece, rest, true
}

// flush returns the line that the direction ended in, if any.
func (l *httpLines) flush() (piece httpPiece, ok bool) {
	if l.size == 0 {
		return httpPiece{}, false
	}
	piece = httpPiece{data: l.line, size: l.size}
	l.line, l.size = nil, 0
	return piece, true
}

func (l *httpLines) keep(b []byte) {
	l.size += int64(len(b))
	l.line = append(l.line, b[:min(len(b), httpLineBytes-len(l.line))]...)
}
