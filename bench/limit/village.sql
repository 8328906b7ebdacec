SELECT row_to_json(r)
FROM (
    SELECT
        (v.code / 1000)::text AS code, v.name,
        (
            SELECT row_to_json(c)
            FROM (
                SELECT coalesce(json_agg(row_to_json(n)), '[]') AS nodes
                FROM (
                    SELECT
                        'household:' || h.id AS id, h.category, h.status,
                        (
                            SELECT row_to_json(c)
                            FROM (
                                SELECT coalesce(json_agg(row_to_json(m)), '[]') AS nodes
                                FROM (
                                    SELECT 'person:' || p.id AS id, p.name, p.sex, p.relation
                                    FROM person p
                                    WHERE
                                        p.district_code = h.district_code AND p.household_id = h.id
                                        AND p.left_on IS NULL
                                    ORDER BY p.id
                                ) m
                            ) c
                        ) AS members,
                        (
                            SELECT row_to_json(s)
                            FROM (
                                SELECT row_to_json(c) AS plantings
                                FROM (
                                    SELECT coalesce(json_agg(row_to_json(a)), '[]') AS nodes
                                    FROM (
                                        SELECT a.crop, trim_scale(a.area) AS area, a.planted_on AS "plantedOn"
                                        FROM industry_planting a
                                        WHERE a.district_code = h.district_code AND a.household_id = h.id
                                        ORDER BY a.id
                                    ) a
                                ) c
                            ) s
                        ) AS industry,
                        (
                            SELECT row_to_json(s)
                            FROM (
                                SELECT row_to_json(c) AS "loanDemands"
                                FROM (
                                    SELECT coalesce(json_agg(row_to_json(l)), '[]') AS nodes
                                    FROM (
                                        SELECT trim_scale(l.amount) AS amount, l.purpose
                                        FROM funding_loan_demand l
                                        WHERE l.district_code = h.district_code AND l.household_id = h.id
                                        ORDER BY l.id
                                    ) l
                                ) c
                            ) s
                        ) AS funding
                    FROM household h
                    WHERE
                        h.district_code = v.district_code
                        AND h.place_code BETWEEN v.code AND v.code + 999
                    ORDER BY h.id
                    LIMIT 50
                ) n
            ) c
        ) AS households
    FROM place v
    WHERE v.district_code = %(district)s AND v.code = %(code)s AND v.level = 3
) r
