WITH village AS MATERIALIZED (
    SELECT v.code
    FROM place v
    WHERE
        v.district_code = %(district)s AND v.level = 3
        AND NOT EXISTS (
            SELECT FROM public_services_facility f
            WHERE f.district_code = %(district)s AND f.place_code = v.code AND f.kind = 'CLINIC'
        )
),
wanting AS MATERIALIZED (
    SELECT h.id, v.code AS village
    FROM village v
    JOIN household h ON h.district_code = %(district)s AND h.place_code / 1000 * 1000 = v.code
    WHERE
        EXISTS (
            SELECT FROM funding_loan_demand l
            WHERE l.district_code = %(district)s AND l.household_id = h.id AND l.amount > 0
        )
),
fitting AS MATERIALIZED (
    SELECT w.id, w.village
    FROM wanting w
    WHERE
        NOT EXISTS (
            SELECT
            FROM person p
            WHERE
                p.district_code = %(district)s AND p.household_id = w.id AND p.left_on IS NULL
                AND EXISTS (
                    SELECT FROM capacity_attendance a WHERE a.district_code = %(district)s AND a.person_id = p.id OFFSET 0
                )
            OFFSET 0
        )
),
page AS MATERIALIZED (
    SELECT id, village
    FROM fitting
    ORDER BY village, id
    LIMIT 51
)
SELECT row_to_json(c)
FROM (
    SELECT
        (SELECT count(*) FROM fitting) AS "totalCount",
        (
            SELECT coalesce(json_agg(row_to_json(n)), '[]')
            FROM (
                SELECT
                    'household:' || h.id AS id,
                    (
                        SELECT row_to_json(o)
                        FROM (
                            SELECT p.name
                            FROM person p
                            WHERE
                                p.district_code = %(district)s AND p.household_id = h.id AND p.left_on IS NULL
                                AND p.relation = 'HEAD'
                            ORDER BY p.id
                            LIMIT 1
                        ) o
                    ) AS head,
                    (
                        SELECT row_to_json(o)
                        FROM (
                            SELECT v.name FROM place v WHERE v.district_code = %(district)s AND v.code = h.village
                        ) o
                    ) AS village,
                    (
                        SELECT row_to_json(s)
                        FROM (
                            SELECT row_to_json(c) AS "loanDemands"
                            FROM (
                                SELECT coalesce(json_agg(row_to_json(l)), '[]') AS nodes
                                FROM (
                                    SELECT trim_scale(l.amount) AS amount
                                    FROM funding_loan_demand l
                                    WHERE l.district_code = %(district)s AND l.household_id = h.id
                                    ORDER BY l.id
                                ) l
                            ) c
                        ) s
                    ) AS funding,
                    (
                        SELECT row_to_json(s)
                        FROM (
                            SELECT row_to_json(c) AS plantings
                            FROM (
                                SELECT coalesce(json_agg(row_to_json(a)), '[]') AS nodes
                                FROM (
                                    SELECT a.crop, trim_scale(a.area) AS area
                                    FROM industry_planting a
                                    WHERE a.district_code = %(district)s AND a.household_id = h.id
                                    ORDER BY a.id
                                ) a
                            ) c
                        ) s
                    ) AS industry
                FROM (SELECT id, village FROM page ORDER BY village, id LIMIT 50) h
            ) n
        ) AS nodes,
        (
            SELECT row_to_json(i)
            FROM (
                SELECT
                    (
                        SELECT village || ',' || id
                        FROM (SELECT village, id FROM page ORDER BY village, id LIMIT 50) shown
                        ORDER BY village DESC, id DESC
                        LIMIT 1
                    ) AS "endCursor",
                    (SELECT count(*) > 50 FROM page) AS "hasNextPage"
            ) i
        ) AS "pageInfo"
) c
