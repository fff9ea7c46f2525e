-- How many samples have each label.
SELECT run, label, count(*) AS samples
FROM samples
GROUP BY run, label
ORDER BY run, label;
