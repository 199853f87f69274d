package pcapio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ErrNotCapture is wrapped by the errors of Open and NewReader for content
// that is no packet capture, so that a caller may try another format.
var ErrNotCapture = errors.New("not a pcap or pcapng file")

// ErrNoPackets is wrapped by the error of Reader.Read for a capture that holds
// no packet that a packet table could hold.
var ErrNoPackets = errors.New("no usable packet")

// The magic numbers, as the first four bytes in big-endian order have them.
// Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, and Wireshark's
// wiretap/libpcap.h for the modified form.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's, with 24-byte record headers
	magicSection  = 0x0a0d0d0a
)

// classicMagic tells a classic pcap's byte order, whether its fractions are
// nanoseconds and whether its record headers are of the modified form.
func classicMagic(head []byte) (order binary.ByteOrder, nano, modified, ok bool) {
	for _, o := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
		switch o.Uint32(head) {
		case magicMicro:
			return o, false, false, true
		case magicNano:
			return o, true, false, true
		case magicModified:
			return o, false, true, true
		}
	}
	return nil, false, false, false
}

// Detect reports whether a file that begins with head is a packet capture, by
// its magic number. It needs four bytes, and does not look into gzip or zstd:
// Open does.
func Detect(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	_, _, _, classic := classicMagic(head)
	return classic || binary.BigEndian.Uint32(head) == magicSection
}

// notCapture is the error for content that begins with head.
func notCapture(name string, head []byte) error {
	if len(head) == 0 {
		return fmt.Errorf("%s: empty file: %w", name, ErrNotCapture)
	}
	if text, ok := textOf(head); ok {
		return fmt.Errorf("%s: %w: it begins with the text %q", name, ErrNotCapture, text)
	}
	return fmt.Errorf("%s: %w (magic %x)", name, ErrNotCapture, head[:min(4, len(head))])
}

// textOf returns the beginning of head's first line if head is text.
func textOf(head []byte) (string, bool) {
	head = head[:min(len(head), 32)]
	if line, _, ok := bytes.Cut(head, []byte("\n")); ok {
		head = line
	}
	head = bytes.TrimRight(head, "\r")
	for len(head) > 0 && !utf8.Valid(head) && !utf8.FullRune(head[len(head)-1:]) {
		head = head[:len(head)-1]
	}
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == utf8.RuneError }
	return string(head), len(head) > 0 && strings.IndexFunc(string(head), control) < 0
}

// whole makes an end of file inside a stream an unexpected one.
func whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
