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
                        SELECT 'person:' || p.id AS id, p.name, p.sex, p.born_on AS "bornOn", p.relation
                        FROM person p
                        WHERE p.district_code = h.district_code AND p.household_id = h.id AND p.left_on IS NULL
                        ORDER BY p.id
                    ) m
                ) c
            ) AS members
        FROM household h
        WHERE h.district_code = %(district)s
        ORDER BY h.id
        LIMIT %(first)s
    ) n
) c
