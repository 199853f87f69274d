package tableio

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// plan is how the values of one column are read: its type, and what of them
// is no value.
type plan struct {
	col    trace.Column
	form   form
	nulls  bool // null tokens are missing values
	lo, hi float64
	tokens []string
	filled int64 // values that are not missing
	check  bool  // values have to be looked at again one by one
	// misfits says that some of them are none of the column's.
	misfits bool
	ragged  bool // fractions of times differ in length
}

// tolerance is how many of n values may not fit before the column is text.
func tolerance(n int64, hinted bool) int64 {
	if hinted {
		return n / 2
	}
	return n / 20
}

// resolve decides what a column is. comma says that the file writes numbers
// with a decimal comma.
func (s *stats) resolve(name string, comma bool) plan {
	p := plan{col: trace.Column{Name: name, Type: trace.TypeText, Kind: trace.KindText}, lo: math.Inf(-1), hi: math.Inf(1)}
	nulls, token := int64(0), ""
	for t, k := range s.nulls {
		if nulls += k; token == "" || k > s.nulls[token] || k == s.nulls[token] && t < token {
			token = t
		}
	}
	values := s.n - s.empty - nulls
	if s.bare == 0 && s.quoted > 0 && (s.empty == 0 || s.emptyQuoted == s.empty || s.emptyQuoted == 0) {
		p.form.quoted = true
		p.form.emptyBare = s.empty > 0 && s.emptyQuoted == 0
	}
	fill := formOf(s.filling.name())
	p.form.width, p.form.lead, p.form.formulas = fill.width, fill.lead, s.formulas > 0
	if s.jsonText > 0 {
		p.form.json = true
		return p
	}
	if values == 0 {
		return p
	}
	typed := s.asTime(&p, values) || s.asAddress(&p, values) || s.asPort(&p, values) || s.asProtocol(&p, values) ||
		s.asBoolean(&p, values) || !(comma && s.decimals == 3) && s.asNumber(&p, values)
	if !typed {
		return p
	}
	p.filled, p.form.formulas = values, p.form.formulas && p.col.Type == trace.TypeText
	p.misfits = p.misfits || p.check && p.col.Type != trace.TypeTime && !p.form.integer
	if nulls > 0 {
		p.nulls, p.check, p.tokens = true, true, slices.Sorted(maps.Keys(s.nulls))
		if nulls > s.empty {
			p.form.null = token
		}
	}
	return p
}

func (s *stats) asTime(p *plan, values int64) bool {
	best := layoutStat{}
	for _, l := range s.layouts {
		if l.n > best.n {
			best = l
		}
	}
	mixed := s.moment && len(s.layouts) > 1 && int64(len(s.layouts)) >= values-s.class[isInt]-1 && values > 1
	if best.n == 0 || values-best.n > tolerance(values, s.moment) && !mixed {
		return false
	}
	p.col.Type, p.col.Kind = trace.TypeTime, trace.KindTimestamp
	p.form.layout, p.form.digits, p.form.matcher = best.layout, s.maxFrac, matcherOf(best.layout)
	switch {
	case s.minFrac >= s.maxFrac:
	case s.trimmed:
		p.form.fraction = "trim"
	case s.leftOut:
		p.form.fraction = "none0"
	}
	if hasOffset(best.layout) {
		p.form.zone = s.zones.name()
	}
	p.check, p.misfits, p.ragged = true, best.n < values, s.minFrac < s.maxFrac
	return true
}

func (s *stats) asAddress(p *plan, values int64) bool {
	good := s.address + s.link
	switch ints := s.class[isInt]; {
	case s.address > 0 && (good == values || s.hints.address && good*4 >= values):
		p.check = good < values
	case s.hints.address && ints == values && s.over32 == 0 && s.big32*2 >= ints:
		p.form.integer, p.check = true, true
	default:
		return false
	}
	p.col.Kind = trace.KindAddress
	return true
}

func (s *stats) asPort(p *plan, values int64) bool {
	if !s.hints.port {
		return false
	}
	numbers := s.class[isInt] + s.class[isReal]
	switch {
	case s.class[isInt] == numbers && s.portWord == 0 && s.port > 0 && values-s.port <= tolerance(values, true):
		p.col.Type, p.lo, p.hi = trace.TypeInt, 0, 65535
		p.check = s.port < values
	case s.class[isReal] == numbers && s.class[isReal] == values && s.style.regular() && s.decimals == 1 && s.style.fixed && s.lowest >= 0 && s.highest <= 65535:
		p.col.Type, p.form.style = trace.TypeReal, s.style.name()
	case s.port+s.portWord > 0 && (s.port+s.portWord)*2 >= values && s.port > 0:
		p.check = s.port+s.portWord < values
	default:
		return false
	}
	p.col.Kind = trace.KindPort
	return true
}

func (s *stats) asProtocol(p *plan, values int64) bool {
	if s.transport < values && (!s.hints.protocol || s.protocol*2 < values) {
		return false
	}
	p.col.Kind = trace.KindProtocol
	if s.class[isInt] == values && s.protocol == values {
		p.col.Type = trace.TypeInt
	}
	return true
}

func (s *stats) asBoolean(p *plan, values int64) bool {
	for i, words := range []string{"true/false", "True/False", "TRUE/FALSE"} {
		if s.booleans[i] == values {
			p.col.Type, p.col.Kind, p.form.words = trace.TypeBool, trace.KindBoolean, words
			return true
		}
	}
	return false
}

func (s *stats) asNumber(p *plan, values int64) bool {
	ints, reals := s.class[isInt], s.class[isReal]
	good := ints + reals
	bad := values - good
	if good == 0 || s.class[isPadded] > 0 {
		return false
	}
	if bad > tolerance(values, s.clock) {
		if s.class[isHuge]+ints == values {
			p.col.Kind = trace.KindInteger // whole numbers that no type here holds
		}
		return false
	}
	p.check = bad > 0
	p.col.Type, p.col.Kind = trace.TypeInt, trace.KindInteger
	if reals > 0 {
		p.col.Type, p.col.Kind, p.form.style = trace.TypeReal, trace.KindReal, s.style.name()
	}
	if s.quantity && s.negative > 0 && s.negative*2 <= values {
		p.lo, p.check = 0, true
	}
	s.asClock(p, good)
	return true
}

// asClock tells whether numbers are a time, and in which unit.
func (s *stats) asClock(p *plan, good int64) {
	best := 0
	for i := range s.plausible {
		if s.plausible[i] > s.plausible[best] {
			best = i
		}
	}
	unit := units()[best]
	switch n := s.plausible[best]; {
	case n*10 >= good*9, s.clock && n > 0 && n*6 >= good:
	case s.clock && s.lowest >= 0 && s.highest >= 1e5 && s.highest < 1e10 && s.thousands == good: // a clock of milliseconds read each second
		unit = trace.Millisecond
	case s.clock && s.lowest >= 0 && s.highest < 1e10:
		unit = trace.Second
	case s.clock && s.lowest >= 0 && s.highest < 9e12:
		unit = trace.Millisecond
	case s.clock && s.lowest >= 0 && s.highest < 1e16:
		unit = trace.Microsecond
	case s.clock && s.lowest >= 0:
		unit = trace.Nanosecond
	default:
		return
	}
	p.col.Kind, p.col.Unit = trace.KindTimestamp, unit
	limit := 9.2e9 / unit.Seconds() // what 64-bit nanoseconds hold
	if s.lowest < -limit || s.highest > limit {
		p.lo, p.hi, p.check = -limit, limit, true
	}
	if p.col.Type == trace.TypeReal && unit == trace.Second && !s.style.regular() && s.decimals <= 9 && s.plausible[0]*10 >= good*9 {
		p.col.Type, p.col.Unit, p.form.style = trace.TypeTime, "", ""
		p.misfits = p.check || s.exponents > 0
		p.ragged = s.class[isInt] > 0 || s.fewest < s.decimals
		p.form.epoch, p.form.digits, p.check = true, s.decimals, true
	}
}

// form is Column.Format taken apart.
type form struct {
	style     string // fixed:N, repr or ""
	integer   bool   // ipv4-integer
	epoch     bool
	units     bool // of an epoch, its decimals without the point
	layout    string
	digits    int // of a fraction
	fraction  string
	zone      string
	words     string // the two words of a boolean
	null      string
	quoted    bool
	emptyBare bool // though others are quoted, a missing value is not
	json      bool
	width     int  // that values are filled up to, negative for those on the left
	lead      int  // blanks before a value
	formulas  bool // some texts of the input look like formulas
	present   bool // JSON says null for a missing value
	loc       *time.Location
	matcher   *matcher // of the layout
}

// String is the form as Column.Format has it.
func (f form) String() string {
	var items []string
	add := func(cond bool, item string) {
		if cond {
			items = append(items, item)
		}
	}
	add(f.style != "", f.style)
	add(f.integer, "ipv4-integer")
	add(f.epoch && !f.units, "epoch:"+strconv.Itoa(f.digits))
	add(f.epoch && f.units, "units:"+strconv.Itoa(f.digits))
	add(f.layout != "", "time:"+withFraction(f.layout, f.digits))
	add(f.fraction != "", "fraction="+f.fraction)
	add(f.zone != "", "zone="+f.zone)
	add(f.words != "" && f.words != "true/false", f.words)
	add(f.null != "", "null="+f.null)
	add(f.quoted, "quoted")
	add(f.quoted && f.emptyBare, "bare-missing")
	add(f.json, "json")
	add(f.present, "explicit-null")
	add(f.width != 0, "width="+strconv.Itoa(f.width))
	add(f.lead != 0, "lead="+strconv.Itoa(f.lead))
	add(f.formulas, "formulas")
	return strings.Join(items, ";")
}

// formOf reads a Column.Format; items of other packages' grammars are passed
// over.
func formOf(format string) form {
	var f form
	for _, item := range strings.Split(format, ";") {
		switch {
		case strings.HasPrefix(item, "fixed:"), item == "repr":
			f.style = item
		case item == "ipv4-integer":
			f.integer = true
		case strings.HasPrefix(item, "epoch:"), strings.HasPrefix(item, "units:"):
			f.epoch, f.units = true, item[0] == 'u'
			f.digits, _ = strconv.Atoi(item[len("epoch:"):])
			f.digits = min(max(f.digits, 0), 9)
		case strings.HasPrefix(item, "time:"):
			f.layout = item[len("time:"):]
			if dot := strings.Index(f.layout, "05.0"); dot >= 0 {
				end := dot + 3
				for end < len(f.layout) && f.layout[end] == '0' {
					end++
				}
				if f.digits = end - dot - 3; f.digits <= 9 {
					f.layout = f.layout[:dot+2] + f.layout[end:]
				}
			}
		case strings.HasPrefix(item, "fraction="):
			f.fraction = item[len("fraction="):]
		case strings.HasPrefix(item, "zone="):
			f.zone = item[len("zone="):]
		case item == "True/False", item == "TRUE/FALSE":
			f.words = item
		case strings.HasPrefix(item, "null="):
			f.null = item[len("null="):]
		case item == "quoted":
			f.quoted = true
		case item == "bare-missing":
			f.emptyBare = true
		case item == "json":
			f.json = true
		case item == "explicit-null":
			f.present = true
		case strings.HasPrefix(item, "width="):
			f.width, _ = strconv.Atoi(item[len("width="):])
			f.width = min(max(f.width, -maxWidth), maxWidth)
		case strings.HasPrefix(item, "lead="):
			f.lead, _ = strconv.Atoi(item[len("lead="):])
			f.lead = min(max(f.lead, 0), maxWidth)
		case item == "formulas":
			f.formulas = true
		}
	}
	f.loc = location(f.zone)
	return f
}
