-- How many samples have each label.
SELECT label, count(*) AS samples
FROM samples
GROUP BY label
ORDER BY label;
