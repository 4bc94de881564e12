-- The newest batch of the same bytes under the same version of a contract, undone or not.
-- @sha256 STRING: of the bytes
-- @contract STRING: the contract
-- @contract_version INT64: its version
SELECT batch_id
FROM batches
WHERE sha256 = @sha256 AND contract = @contract AND contract_version = @contract_version AND kind = 'upload'
ORDER BY batch_no DESC
LIMIT 1
