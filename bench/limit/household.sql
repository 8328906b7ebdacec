SELECT row_to_json(r)
FROM (
    SELECT
        'household:' || h.id AS id, h.category, h.status, h.main_cause AS "mainCause",
        trim_scale(h.house_area) AS "houseArea", h.has_safe_water AS "hasSafeWater",
        (
            SELECT row_to_json(v)
            FROM (
                SELECT (p.code / 1000)::text AS code, p.name
                FROM place p
                WHERE p.district_code = h.district_code AND p.code = h.place_code / 1000 * 1000
            ) v
        ) AS village,
        (
            SELECT row_to_json(c)
            FROM (
                SELECT coalesce(json_agg(row_to_json(m)), '[]') AS nodes
                FROM (
                    SELECT 'person:' || p.id AS id, p.name, p.sex, p.born_on AS "bornOn", p.relation, p.education, p.health
                    FROM person p
                    WHERE p.district_code = h.district_code AND p.household_id = h.id AND p.left_on IS NULL
                    ORDER BY p.id
                ) m
            ) c
        ) AS members
    FROM household h
    WHERE h.district_code = %(district)s AND h.id = %(id)s
) r
