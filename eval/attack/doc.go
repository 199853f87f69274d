// Package attack measures what a synthetic trace gives away of the real one it was learnt from. It works on values that
// the caller has read from tables; it reads no table and writes no report.
package attack
