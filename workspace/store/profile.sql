WITH g AS MATERIALIZED (
	SELECT v, count(*) AS n FROM (SELECT {column} AS v FROM {table}) GROUP BY v
)
SELECT
	coalesce(sum(n), 0)::BIGINT,
	coalesce(sum(n) FILTER (v IS NULL), 0)::BIGINT,
	count(v),
	min(v) FILTER ({finite}),
	max(v) FILTER ({finite}),
	coalesce(bool_and({integer}) FILTER (v IS NOT NULL), false),
	coalesce(bool_and({numeric}) FILTER (v IS NOT NULL), false),
	coalesce(sum(n) FILTER (v IS NOT NULL AND NOT ({finite})), 0)::BIGINT,
	-- weighted mean and standard deviation, in two steps for their precision
	any_value(mean),
	sqrt(sum(n * pow(({number}) - mean, 2)) / sum(n) FILTER (({number}) IS NOT NULL)),
	(sum(({length}) * n) / sum(n) FILTER (v IS NOT NULL))::DOUBLE,
	(SELECT list({'v': v, 'n': n} ORDER BY n DESC, v) FROM (SELECT v, n FROM g WHERE v IS NOT NULL ORDER BY n DESC, v LIMIT 10)),
	(SELECT coalesce(bool_and(v >= before) FILTER (v IS NOT NULL AND before IS NOT NULL), true)
		FROM (SELECT v, lag(v) OVER ({order}) AS before FROM (SELECT {column} AS v, {rowid} AS r FROM {table})))
FROM g, (SELECT (sum(({number}) * n) / sum(n) FILTER (({number}) IS NOT NULL))::DOUBLE AS mean FROM g)
