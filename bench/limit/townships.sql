WITH orchard AS (
    SELECT place_code / 1000000 AS place, coalesce(sum(area) FILTER (WHERE kind = 'ORCHARD' AND is_new), 0) AS value
    FROM industry_crop_area
    WHERE
        district_code = %(district)s AND recorded_on BETWEEN %(start)s AND %(last)s
    GROUP BY 1
),
road AS (
    SELECT
        place_code / 1000000 AS place,
        coalesce(sum(length) FILTER (WHERE finished_on BETWEEN %(start)s AND %(last)s), 0) AS value
    FROM infrastructure_road
    WHERE
        district_code = %(district)s
        AND (
            recorded_on BETWEEN %(start)s AND %(last)s OR finished_on BETWEEN %(start)s AND %(last)s
        )
    GROUP BY 1
),
clinic AS (
    SELECT place_code / 1000000 AS place, count(*) FILTER (WHERE kind = 'CLINIC' AND is_standard) AS value
    FROM public_services_facility
    WHERE
        district_code = %(district)s
        AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to > %(last)s)
    GROUP BY 1
),
loan AS (
    SELECT
        h.place_code / 1000000 AS place,
        coalesce(sum(l.amount) FILTER (WHERE l.recognised_on BETWEEN %(start)s AND %(last)s), 0) AS value
    FROM funding_loan_demand l
    JOIN household h ON h.district_code = %(district)s AND h.id = l.household_id
    WHERE
        l.district_code = %(district)s
        AND (
            l.recorded_on BETWEEN %(start)s AND %(last)s OR l.recognised_on BETWEEN %(start)s AND %(last)s
        )
    GROUP BY 1
),
trained AS (
    SELECT h.place_code / 1000000 AS place, count(*) FILTER (WHERE a.trained) AS value
    FROM (
        SELECT person_id, bool_or(attended_on BETWEEN %(start)s AND %(last)s) AS trained
        FROM capacity_attendance
        WHERE
            district_code = %(district)s
            AND (
                recorded_on BETWEEN %(start)s AND %(last)s OR attended_on BETWEEN %(start)s AND %(last)s
            )
        GROUP BY person_id
    ) a
    JOIN person p ON p.district_code = %(district)s AND p.id = a.person_id
    JOIN household h ON h.district_code = %(district)s AND h.id = p.household_id
    GROUP BY 1
),
site AS (
    SELECT
        place_code / 1000000 AS place,
        count(*) FILTER (WHERE kind = 'NEW' AND started_on BETWEEN %(start)s AND %(last)s) AS value
    FROM party_building_site
    WHERE
        district_code = %(district)s
        AND (
            recorded_on BETWEEN %(start)s AND %(last)s OR started_on BETWEEN %(start)s AND %(last)s
        )
    GROUP BY 1
)
SELECT json_build_object(
    'nodes',
    coalesce(
        json_agg(
            json_build_object(
                'code', (p.code / 1000000)::text,
                'name', p.name,
                'industry', json_build_object('orchardArea', json_build_object('value', trim_scale(orchard.value))),
                'infrastructure', json_build_object('roadLength', json_build_object('value', trim_scale(road.value))),
                'publicServices', json_build_object('standardClinics', json_build_object('value', clinic.value)),
                'funding', json_build_object('loanDemand', json_build_object('value', trim_scale(loan.value))),
                'capacity', json_build_object('peopleTrained', json_build_object('value', trained.value)),
                'partyBuilding', json_build_object('sitesStarted', json_build_object('value', site.value))
            )
            ORDER BY p.code
        ),
        '[]'
    )
)
FROM place p
LEFT JOIN orchard ON orchard.place = p.code / 1000000
LEFT JOIN road ON road.place = p.code / 1000000
LEFT JOIN clinic ON clinic.place = p.code / 1000000
LEFT JOIN loan ON loan.place = p.code / 1000000
LEFT JOIN trained ON trained.place = p.code / 1000000
LEFT JOIN site ON site.place = p.code / 1000000
WHERE
    p.district_code = %(district)s AND p.level = 2
    AND p.valid_from <= %(today)s AND (p.valid_to IS NULL OR p.valid_to > %(today)s)
