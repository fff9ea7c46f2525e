-- One vector: how many floats it has, and its norm.
SELECT run, length(vector) / 4 AS floats, norm
FROM vectors
WHERE layer = 'fc1' AND epoch = 2 AND sample = '42';
