package pcapio

import "fmt"

// note is something odd about a packet that was read all the same.
type note int

const (
	noteOverSnap note = iota
	noteOverWire
	noteFraction
	noteNoTime
	noteResolution
	noteTransport
	notePort
	numNotes
)

func (n note) String() string {
	return [numNotes]string{
		noteOverSnap:   "captured length above the file's snapshot length: read as it is",
		noteOverWire:   "captured length above the length on the wire: the captured one is taken as the frame's",
		noteFraction:   "fraction of a second of a second or more: carried into the seconds",
		noteNoTime:     "simple packet block without a time: time is NULL",
		noteResolution: "time resolution finer than can be held: its times are near 1970",
		noteTransport:  "transport header with an impossible length: fields after it are NULL",
		notePort:       "cut inside the transport header: fields after the cut are NULL",
	}[n]
}

// notes counts them, with the offset of the first of each.
type notes [numNotes]struct{ count, offset int64 }

func (ns *notes) add(n note, offset int64) {
	if ns[n].count == 0 {
		ns[n].offset = offset
	}
	ns[n].count++
}

func (ns *notes) lines(name string) []string {
	var lines []string
	for n := range numNotes {
		if c := ns[n].count; c > 0 {
			packets := fmt.Sprintf("%d packets, the first", c)
			if c == 1 {
				packets = "1 packet,"
			}
			lines = append(lines, fmt.Sprintf("%s: %s at byte %d: %v", name, packets, ns[n].offset, n))
		}
	}
	return lines
}
