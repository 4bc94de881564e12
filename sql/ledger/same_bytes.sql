-- The latest batch with the same bytes and the same version of a contract, even if it is undone.
-- @sha256 STRING: SHA-256 of the bytes
-- @contract STRING: name of the contract
-- @contract_version INT64: version of the contract
SELECT batch_id
FROM batches
WHERE sha256 = @sha256 AND contract = @contract AND contract_version = @contract_version AND kind = 'upload'
ORDER BY batch_no DESC
LIMIT 1
