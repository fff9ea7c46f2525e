-- The mean position of each label on the map, at one epoch.
SELECT projection, label, avg(x) AS x, avg(y) AS y
FROM points
WHERE epoch = 2
GROUP BY projection, label
ORDER BY projection, label;
