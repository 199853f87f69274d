package zeekio

import "bytes"

const (
	formatTSV  = "zeek-tsv"
	formatJSON = "zeek-json"
)

// Detect tells from the first bytes of a decompressed file (a few KiB do)
// whether it is a Zeek log: "zeek-tsv" for a header with #fields, "zeek-json"
// for JSON lines with a ts and another field that Zeek's records carry. Other
// JSON lines are not Zeek's.
func Detect(head []byte) (format string, ok bool) {
	head = bytes.TrimPrefix(head, []byte{0xef, 0xbb, 0xbf})
	for n := 0; n < 20 && len(head) > 0; n++ {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte{'\n'})
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0:
		case bytes.HasPrefix(line, []byte("#separator")), bytes.HasPrefix(line, []byte("#fields")):
			return formatTSV, true
		case line[0] == '#':
		case line[0] == '{':
			if likeZeek(line) {
				return formatJSON, true
			}
		default:
			if n == 0 {
				return "", false
			}
		}
	}
	return "", false
}

// likeZeek reports whether a line, be it cut or not quite JSON, names ts and
// another of Zeek's fields.
func likeZeek(line []byte) bool {
	has := func(key string) bool {
		for rest := line; ; {
			i := bytes.Index(rest, []byte(`"`+key+`"`))
			if i < 0 {
				return false
			}
			rest = rest[i+len(key)+2:]
			if bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte{':'}) {
				return true
			}
		}
	}
	if !has("ts") {
		return has("_path") && has("_write_ts")
	}
	for _, key := range []string{"uid", "id.orig_h", "orig_h", "_path", "fuid", "uids", "conn_uids", "certificate.version", "suppress_for"} {
		if has(key) {
			return true
		}
	}
	return false
}
