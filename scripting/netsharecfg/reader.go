package netsharecfg

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"netshare/scripting"

	"netshare/workspace/trace/near"
)

// reader goes through a configuration and gathers what is wrong with it.
type reader struct {
	file, src string
	faults    []*scripting.Error
	notes     []string
}

// at tells of a fault at a place of the file.
func (r *reader) at(offset int, path, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + ": " + message
	}
	r.faults = append(r.faults, fault(r.file, r.src, offset, "%s", message))
}

// fault tells of a fault of a value.
func (r *reader) fault(n *node, format string, args ...any) { r.at(n.at, n.path, format, args...) }

// note tells that a key has nothing to act on, and why.
func (r *reader) note(n *node, format string, args ...any) {
	r.notes = append(r.notes, n.path+": "+fmt.Sprintf(format, args...))
}

// err joins the faults in the order in which they stand in the file.
func (r *reader) err() error {
	slices.SortStableFunc(r.faults, func(a, b *scripting.Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	var errs []error
	for _, f := range r.faults {
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

// member returns a value of an object, nil where it is absent or null.
func (r *reader) member(n *node, key string) *node {
	v := n.get(key)
	if v == nil || v.kind == isNull {
		return nil
	}
	return v
}

// want returns a value of one kind, nil where it is absent, null or another,
// which is a fault.
func (r *reader) want(n *node, key string, k kind) *node {
	v := r.member(n, key)
	if v != nil && v.kind != k {
		r.fault(v, "want %s, got %s", k, v.said())
		return nil
	}
	return v
}

func (r *reader) object(n *node, key string) *node { return r.want(n, key, isObject) }

func (r *reader) list(n *node, key string) []*node {
	if v := r.want(n, key, isList); v != nil {
		return v.items
	}
	return nil
}

// text returns a text, "" where there is none. With choices it must be one.
func (r *reader) text(n *node, key string, choices ...string) string {
	v := r.want(n, key, isText)
	if v == nil {
		return ""
	}
	if len(choices) > 0 && !slices.Contains(choices, v.text) {
		r.choose(v, choices)
		return ""
	}
	return v.text
}

// choose tells that a value is none of those allowed.
func (r *reader) choose(v *node, choices []string) {
	hint := ""
	if like := near.Word(v.text, choices); like != "" {
		hint = fmt.Sprintf("did you mean %q? ", like)
	}
	r.fault(v, "unknown value %s: %schoose one of %s", v.said(), hint, strings.Join(choices, ", "))
}

func (r *reader) boolean(n *node, key string, def bool) bool {
	if v := r.want(n, key, isBool); v != nil {
		return v.text == "true"
	}
	return def
}

// whole returns a whole number of at least low.
func (r *reader) whole(n *node, key string, low, def int) int {
	if v := r.want(n, key, isNumber); v != nil {
		return r.wholeOf(v, low, def)
	}
	return def
}

func (r *reader) wholeOf(v *node, low, def int) int {
	x := v.number()
	if x != math.Trunc(x) || x < float64(low) || x > 1e9 {
		r.fault(v, "want a whole number from %d, got %s", low, v.text)
		return def
	}
	return int(x)
}

// real returns a number from low to high.
func (r *reader) real(n *node, key string, low, high, def float64) float64 {
	if v := r.want(n, key, isNumber); v != nil {
		if x := v.number(); x >= low && x <= high {
			return x
		}
		r.fault(v, "want a number from %g to %g, got %s", low, high, v.text)
	}
	return def
}

// texts returns a list of texts; numbers count as their text.
func (r *reader) texts(n *node, key string) []string {
	var out []string
	for _, v := range r.list(n, key) {
		if v.kind != isText && v.kind != isNumber && v.kind != isBool {
			r.fault(v, "want a text or a number, got %s", v.said())
			continue
		}
		out = append(out, v.text)
	}
	return out
}

// known tells of the keys of an object that are none of those that it may have.
func (r *reader) known(n *node, keys []string) {
	if n == nil || n.kind != isObject {
		return
	}
	for i, k := range n.keys {
		if slices.Contains(keys, k) {
			continue
		}
		path := k
		if n.path != "" {
			path = n.path + "." + k
		}
		hint := "the keys here are " + strings.Join(keys, ", ")
		if slices.Contains(laterKeys, k) {
			hint = "it is of a NetShare after both generations: name the columns in pre_post_processor.config or fields, and the file with --input"
		} else if like := near.Word(k, keys); like != "" {
			hint = fmt.Sprintf("did you mean %q?", like)
		} else if place := elsewhere(k); place != "" {
			hint = "it belongs to " + place
		}
		r.at(n.keysAt[i], path, "unknown key: %s", hint)
	}
}

// elsewhere says where a key is known, "" where it is nowhere.
func elsewhere(key string) string {
	for _, s := range sections {
		if slices.Contains(s.keys, key) {
			return s.name
		}
	}
	return ""
}
