package store

import (
	"fmt"
	"testing"
)

func TestFunctions(t *testing.T) {
	db := openTest(t, Options{})
	for _, test := range []struct{ expr, want string }{
		{"ip_version('10.0.0.1')", "4"},
		{"ip_version('2001:db8::1')", "6"},
		{"ip_version('::ffff:10.0.0.1')", "4"},
		{"ip_version('fe80::1%eth0')", "6"},
		{"ip_version('10.0.0.256')", "<nil>"},
		{"ip_version('')", "<nil>"},
		{"ip_version(NULL)", "<nil>"},
		{"ip_to_int('0.0.0.0')", "0"},
		{"ip_to_int('10.0.0.1')", "167772161"},
		{"ip_to_int('255.255.255.255')", "4294967295"},
		{"ip_to_int('2001:db8::1')", "42540766411282592856903984951653826561"},
		{"ip_to_int('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')", "340282366920938463463374607431768211455"},
		{"ip_to_int('x')", "<nil>"},
		{"ip_to_int('10.0.0.9') - ip_to_int('10.0.0.1') = 8", "true"},
		{"int_to_ip(167772161)", "10.0.0.1"},
		{"int_to_ip(0)", "0.0.0.0"},
		{"int_to_ip(-1)", "<nil>"},
		{"int_to_ip(4294967296)", "::1:0:0"},
		{"int_to_ip(NULL::BIGINT)", "<nil>"},
		{"int_to_ip(ip_to_int('10.1.2.3') + 1)", "10.1.2.4"},
		{"int_to_ip(ip_to_int('2001:db8::1'))", "2001:db8::1"},
		{"ip_prefix('10.1.2.3', 16)", "10.1.0.0/16"},
		{"ip_prefix('10.1.2.3', 0)", "0.0.0.0/0"},
		{"ip_prefix('10.1.2.3', 33)", "<nil>"},
		{"ip_prefix('10.1.2.3', -1)", "<nil>"},
		{"ip_prefix('2001:db8:1::1', 32)", "2001:db8::/32"},
		{"ip_prefix('nonsense', 8)", "<nil>"},
		{"in_cidr('10.1.2.3', '10.0.0.0/8')", "true"},
		{"in_cidr('11.1.2.3', '10.0.0.0/8')", "false"},
		{"in_cidr('10.1.2.3', '10.1.2.3')", "true"},
		{"in_cidr('10.1.2.3', '10.9.9.9/8')", "true"},
		{"in_cidr('2001:db8::7', '2001:db8::/32')", "true"},
		{"in_cidr('10.1.2.3', '::/0')", "false"},
		{"in_cidr('10.1.2.3', '10.0.0.0/40')", "<nil>"},
		{"in_cidr('10.1.2.3', NULL)", "<nil>"},
		{"(SELECT count(*) FROM range(5000) t(i) WHERE in_cidr('10.0.' || (i // 256) || '.' || (i % 256), '10.0.1.0/24'))", "256"},
		{"(SELECT count(ip_version(CASE WHEN i % 2 = 0 THEN '::1' END)) FROM range(5000) t(i))", "2500"},
	} {
		var got any
		if err := db.sql.QueryRow("SELECT " + test.expr).Scan(&got); err != nil {
			t.Errorf("%s: %v", test.expr, err)
		} else if fmt.Sprint(got) != test.want {
			t.Errorf("%s = %v, want %s", test.expr, got, test.want)
		}
	}
}

func BenchmarkInCIDR(b *testing.B) {
	db := openTest(b, Options{})
	if _, err := db.sql.Exec("CREATE TABLE ips AS SELECT '10.' || (i % 200) || '.0.' || (i % 99) AS ip FROM range(200000) t(i)"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := db.sql.Exec("SELECT count(*) FROM ips WHERE in_cidr(ip, '10.7.0.0/16')"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(200000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
