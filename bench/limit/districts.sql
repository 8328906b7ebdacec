WITH orchard AS (
    SELECT district_code, coalesce(sum(area) FILTER (WHERE kind = 'ORCHARD' AND is_new), 0) AS value
    FROM industry_crop_area
    WHERE recorded_on BETWEEN %(start)s AND %(last)s
    GROUP BY 1
),
road AS (
    SELECT
        district_code, coalesce(sum(length) FILTER (WHERE finished_on BETWEEN %(start)s AND %(last)s), 0) AS value
    FROM infrastructure_road
    WHERE recorded_on BETWEEN %(start)s AND %(last)s OR finished_on BETWEEN %(start)s AND %(last)s
    GROUP BY 1
),
clinic AS (
    SELECT district_code, count(*) FILTER (WHERE kind = 'CLINIC' AND is_standard) AS value
    FROM public_services_facility
    WHERE valid_from <= %(last)s AND (valid_to IS NULL OR valid_to > %(last)s)
    GROUP BY 1
),
loan AS (
    SELECT
        district_code, coalesce(sum(amount) FILTER (WHERE recognised_on BETWEEN %(start)s AND %(last)s), 0) AS value
    FROM funding_loan_demand
    WHERE recorded_on BETWEEN %(start)s AND %(last)s OR recognised_on BETWEEN %(start)s AND %(last)s
    GROUP BY 1
),
trained AS (
    SELECT district_code, count(*) FILTER (WHERE trained) AS value
    FROM (
        SELECT district_code, person_id, bool_or(attended_on BETWEEN %(start)s AND %(last)s) AS trained
        FROM capacity_attendance
        WHERE recorded_on BETWEEN %(start)s AND %(last)s OR attended_on BETWEEN %(start)s AND %(last)s
        GROUP BY 1, 2
    ) a
    GROUP BY 1
),
site AS (
    SELECT
        district_code,
        count(*) FILTER (WHERE kind = 'NEW' AND started_on BETWEEN %(start)s AND %(last)s) AS value
    FROM party_building_site
    WHERE recorded_on BETWEEN %(start)s AND %(last)s OR started_on BETWEEN %(start)s AND %(last)s
    GROUP BY 1
)
SELECT json_build_object(
    'nodes',
    coalesce(
        json_agg(
            json_build_object(
                'code', p.district_code::text,
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
LEFT JOIN orchard USING (district_code)
LEFT JOIN road USING (district_code)
LEFT JOIN clinic USING (district_code)
LEFT JOIN loan USING (district_code)
LEFT JOIN trained USING (district_code)
LEFT JOIN site USING (district_code)
WHERE p.level = 1 AND p.valid_from <= %(today)s AND (p.valid_to IS NULL OR p.valid_to > %(today)s)
