-- The mean position of each label on the map, at one epoch.
SELECT label, avg(x) AS x, avg(y) AS y
FROM points
WHERE epoch = 2
GROUP BY label
ORDER BY label;
